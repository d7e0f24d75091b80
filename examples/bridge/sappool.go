package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// sapPool is the worklist of postings that were accepted and could not be
// booked, as the customer publishes it.
const sapPool = sapRoot + "YY1_FAILEDPOSTINGS_CDS/YY1_FailedPostings"

// waits looks into the worklist for what was accepted and is not to be found
// among what was posted. What waits there is a person's to book: it is reported
// for what it is, and not sent again, since both would be booked then. The
// verdict on it is refused if it waits. An ERP without a worklist has nothing
// in it.
func (s *sapSide) waits(ctx context.Context, it *item) (of, v verdict) {
	r, v := s.call(ctx, http.MethodGet, sapPool+"?$filter="+url.QueryEscape("YY1_MESReference_FPO eq "+sapText(it.Event)), http.Header{"Accept": {"application/json"}}, nil)
	if r.err == nil && r.status == http.StatusNotFound {
		return verdict{}, verdict{}
	}
	var list struct {
		D struct {
			Results []struct{ MessageCode, MessageText, IsDone string }
		}
	}
	if v.what != posted || json.Unmarshal(r.body, &list) != nil || list.D.Results == nil {
		return verdict{}, verdict{what: again, class: technical, code: "not-understood", reason: "the worklist cannot be read: " + clip(string(r.body)), pause: v.pause, after: v.after, doubt: true}
	}
	for _, w := range list.D.Results {
		if w.IsDone != "X" {
			return sapRefusal(w.MessageCode, w.MessageText), verdict{}
		}
	}
	return verdict{}, verdict{}
}

// sapRefusal is the verdict on what was refused with a code.
func sapRefusal(code, text string) verdict {
	v := verdict{what: refused, class: dataQuality, code: code, reason: text}
	if sapBusiness[code] {
		v.class = business
	}
	return v
}
