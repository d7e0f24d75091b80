package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// complete lets shells complete what flags can name.
func complete(root *cobra.Command, w World) {
	yaml := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
	}
	folder := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	words := map[string]cobra.CompletionFunc{
		"rig": yaml, "out": folder, "dir": folder,
		"scenario": named(w, listScenarios), "pack": named(w, listPacks), "defect": named(w, listPlantable), "fault": completePilots,
		"book": folder, "engine": oneOf(engineNames()...), "as": oneOf(asProvider, asConsumer),
	}
	arguments := map[string]cobra.CompletionFunc{"gate": yaml, "serve": yaml, "explore": yaml, "check": yaml, "judge": folder, "replay": folder, "shrink": folder, "report": folder, "coverage": folder}
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			c.Short, c.Example = "print a script that has your shell complete andon's flags", "  source <(andon completion bash)"
		case "help":
			c.Short = "explain a command"
		}
		if f := arguments[c.Name()]; f != nil {
			c.ValidArgsFunction = f
		}
		c.Flags().VisitAll(func(flag *pflag.Flag) {
			if f := words[flag.Name]; f != nil {
				_ = c.RegisterFlagCompletionFunc(flag.Name, f) // fails only for flags that are not there
			}
		})
	}
}

// named completes the ids of a shelf, each with what it stands for.
func named(w World, list func(World) ([]item, error)) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		items, err := list(w)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var words []string
		for _, i := range items {
			words = append(words, i.ID+"\t"+i.What)
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// oneOf completes words.
func oneOf(words ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

func completePilots(*cobra.Command, []string, string) (words []string, _ cobra.ShellCompDirective) {
	for _, p := range harness.Pilots() {
		words = append(words, p.Name+"\tarms "+strings.Join(p.Arms, ", "))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// pilotNames lists what --fault can name.
func pilotNames() (names []string) {
	for _, p := range harness.Pilots() {
		names = append(names, p.Name)
	}
	return names
}

// unknownFlag words a mistake in a flag, with what was probably meant.
func unknownFlag(c *cobra.Command, err error) error {
	hint := fmt.Sprintf("see %s --help", c.CommandPath())
	if _, name, ok := strings.Cut(err.Error(), "unknown flag: --"); ok {
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := yamlfile.Nearest(name, known); near != "" {
			hint = fmt.Sprintf("did you mean --%s? %s", near, hint)
		}
	}
	return usage("%s; %s", err, hint)
}
