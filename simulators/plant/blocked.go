package plant

// blocked tells why the head of the queue cannot be done now; over means that
// it never will.
func (j *job) blocked(v View) (why string, over bool) {
	if _, ok := v.Dispatched(j.order); !ok {
		if j.seen {
			return "taken back: the MES no longer shows it as dispatched", true
		}
		return "not dispatched: the MES does not show it", false
	}
	j.seen = true
	if why, over := j.held(v); why != "" {
		return why, over
	}
	switch j.queue[0].do {
	case stepStart:
		return j.lotsMissing(v), false
	case stepUse:
		u := &j.queue[0].use
		if j.usable(v, u.lot) {
			return "", false
		}
		if lot, ok := j.replace(u.material, u.lot, u.base); ok {
			u.lot = lot
			return "", false
		}
		return "lot " + string(u.lot) + " is not usable in the MES", false
	}
	return "", false
}

// usable reports whether a lot can be taken now: the MES shows it as usable,
// and what stands on it is not over.
func (j *job) usable(v View, lot LotID) bool { return v.Usable(lot) && !j.shop.expired(lot) }

// lotsMissing tells which lot of the operation about to begin cannot be used.
func (j *job) lotsMissing(v View) string {
	if j.plans == nil {
		return ""
	}
	for i := range j.spec.needs {
		n := &j.spec.needs[i]
		if n.operation != j.spec.order.Operations[j.op].ID {
			continue
		}
		for k := range n.portions {
			p := &n.portions[k]
			why, over := j.shop.unmade(p.lot, p.amount)
			if why == "" && j.usable(v, p.lot) {
				continue
			}
			lot, ok := j.replace(n.material, p.lot, p.amount)
			switch {
			case ok:
			case over:
				if lot, ok = j.spare(n.material, p.amount); !ok {
					return why
				}
			case why != "":
				return why
			default:
				return "lot " + string(p.lot) + " is not usable in the MES"
			}
			p.lot = lot
			j.plans[j.op].input = -1 // draw it again, with the other lot
		}
	}
	return ""
}

// held tells whether the order's own goods are on hold.
func (j *job) held(v View) (why string, over bool) {
	h := j.shop.holds[j.lot]
	if h == nil || j.queue[0].do == stepHold || v.Usable(j.lot) {
		return "", false
	}
	if h.decided && !h.decision.Lifts() {
		return "lot " + string(j.lot) + " was decided: " + string(h.decision), true
	}
	return "lot " + string(j.lot) + " is on hold, case " + string(h.id), false
}

// replace sets amount aside from the safety lot if lot will not come back: it
// has expired, or its case was decided against it.
func (j *job) replace(material ItemID, lot LotID, amount Decimal) (LotID, bool) {
	h := j.shop.holds[lot]
	if !j.shop.expired(lot) && (h == nil || !h.decided || h.decision.Lifts()) {
		return lot, false
	}
	if other, ok := j.spare(material, amount); ok {
		return other, true
	}
	return lot, false
}

// spare sets amount aside from the safety lot.
func (j *job) spare(material ItemID, amount Decimal) (LotID, bool) {
	p, ok := j.shop.shelves[material].spare(amount)
	return p.lot, ok
}
