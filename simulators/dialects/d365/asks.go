package d365

// Questions implements [simulators.Inquirer].
func (Dialect) Questions() map[string]string {
	all := map[string]string{}
	for _, s := range sets {
		for _, object := range []string{s.object, s.list} {
			if all[object] == "" && object != "" {
				all[object] = s.name
			}
		}
	}
	return all
}
