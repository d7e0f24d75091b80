package inline

import (
	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/wire"
)

// Tell returns the headers by which the rig's side of an exchange says its
// version and the end of that, as the contracts want it: those of the request
// if the SUT did not send it, and else those of the answer, which the exchange
// has by then. Places in bodies and addresses are the dialect's business.
func (r *Rules) Tell(c wire.Crossing) map[string]string {
	headers := map[string]string{}
	for _, s := range r.at[c.Endpoint] {
		x := c.As(s.provider)
		if !s.concerns(c.Name, x) {
			continue
		}
		version := s.version(x)
		for _, t := range s.contract.File.Told {
			// An answer says it where it must, and a consumer's answer never.
			if t.Header != "" && version != "" && t.Reply == c.FromSUT && (!c.FromSUT || !s.provider) {
				headers[contracts.CanonicalHeader(t.Header)] = version
			}
		}
		if !c.FromSUT || s.provider || x.Reply == nil || x.Reply.Status/100 != 2 || x.Request.Method == "" {
			continue
		}
		if v := r.setting.Book.Party(s.contract.Provider).Find(version); v != nil && Ends(*v, r.setting.Today) {
			for _, n := range Notices(*v) {
				if n.Value != "" {
					headers[n.Header] = n.Value
				}
			}
		}
	}
	return headers
}

// version is the one that an exchange tells so far, or the only one in which
// the provider runs; "" if that is not known.
func (s *side) version(x contracts.Exchange) string {
	for _, t := range s.contract.File.Tellings(x) {
		if t.Version != "" {
			return t.Version
		}
	}
	if v := s.documented(); len(v) == 1 {
		return v[0]
	}
	return ""
}
