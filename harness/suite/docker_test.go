//go:build suites

package suite_test

import (
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/suite"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/harness/sut/container/enginetest"
)

// The bundled bridge in an image FROM scratch. Nothing of it may be left in the
// engine when the last run is over.
var _ = Describe("the bridge as a container", Label("docker"), Ordered, func() {
	var before, image string
	var boxed suite.Option

	BeforeAll(func(ctx SpecContext) {
		if _, err := container.Reachable(ctx); err != nil {
			if os.Getenv("CI") != "" {
				Fail(err.Error()) // or its absence would pass for success
			}
			Skip(err.Error())
		}
		dir := GinkgoT().TempDir()
		build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "bridge"), "../../examples/bridge/cmd/bridge")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
		out, err := build.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
		Expect(os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY bridge /bridge\nENTRYPOINT [\"/bridge\"]\n"), 0o600)).To(Succeed())
		image = enginetest.Build(GinkgoTB(), dir)
		before = enginetest.Look(GinkgoTB())
		boxed = suite.Change(func(f *harness.File) {
			f.SUT.Process, f.SUT.Container = nil, &harness.ContainerSpec{Image: image}
		})
	})

	AfterEach(func() {
		Expect(enginetest.Left(GinkgoTB(), before)).To(BeEmpty(), "left in the engine")
	})

	one := func(title, kind string) suite.Builder {
		return suite.New(title).Orders(2).Open(1).
			Fault(suite.Fault(kind).At("erp").FromSUT().Facts("confirmation").Nth(3).OfRun().Attempts(1)).
			Expect(suite.Always("exactly-once", "no-silent-drop", "no-phantom")).
			Floor("confirmation", 5)
	}

	DescribeTable("holds under", func(ctx SpecContext, kind string) {
		Expect(one("the container under "+kind, kind).Run(ctx, "", boxed)).To(suite.Hold())
	},
		Entry("kill -9", "sut-kill"), Entry("a restart", "sut-restart"), Entry("a pause", "sut-pause"), Entry("no network", "sut-detach"),
		Entry("no memory", "sut-memory"), Entry("a second instance", "sut-scale"), Entry("a backup put back", "sut-restore"),
	)

	// Whatever the build is told of an ERP, it finds in its container, also when it
	// is not root: addresses, also those in files, keys, folders and databases.
	at := func(ctx SpecContext, dialect string, more func(*harness.File)) {
		rig := suite.Change(func(f *harness.File) {
			g, _, err := harness.BundledWith(dialect)
			Expect(err).NotTo(HaveOccurred())
			g.SUT.Process, g.SUT.Container = nil, &harness.ContainerSpec{Image: image, User: "1000:1000"}
			more(&g)
			*f = g
		})
		Expect(one("no network at "+dialect, "sut-detach").Run(ctx, "", rig)).To(suite.Hold())
	}
	var entries []TableEntry
	for _, dialect := range harness.BundledERPs() {
		entries = append(entries, Entry(dialect, dialect, func(*harness.File) {}))
	}
	entries = append(entries,
		Entry("files/v1 in a folder", "files/v1", func(f *harness.File) {
			e := f.Endpoints["erp"]
			e.Transport = "files"
			f.Endpoints["erp"] = e
			delete(f.SUT.Env, "ERP_KEY")
			delete(f.SUT.Env, "ERP_KNOWN_HOSTS")
		}),
	)
	DescribeTable("holds when its network is gone, at an ERP that speaks", at, entries)

	It("holds over https and by names, in this machine's network", func(ctx SpecContext) {
		host := suite.Change(func(f *harness.File) {
			f.SUT.Process, f.SUT.Container = nil, &harness.ContainerSpec{Image: image, Network: harness.NetworkHost}
		})
		Expect(suite.Scenario("NET-07").Run(ctx, "../../examples/bridge/secured.yaml", host)).To(suite.Hold())
	})

	It("is blamed for what it does wrong", func(ctx SpecContext) {
		Expect(suite.Scenario("CNF-02").Run(ctx, "", boxed, suite.Defect("M01"))).To(suite.BeViolatedBy("exactly-once"))
	})
})
