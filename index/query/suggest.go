package query

// nearest gives the name that is least edits away from s, or "" if none is
// near enough to be meant. Two neighbours swapped count as one edit.
func nearest(s string, names []string) string {
	best, least := "", 3
	if len(s) <= 3 {
		least = 2 // three letters with two changed are another word
	}
	for _, name := range names {
		if len(name) < 2 || len(name) > len(s)+2 || len(s) > len(name)+2 {
			continue
		}
		if d := edits(s, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// edits is the optimal string alignment distance of a and b, octet by octet.
func edits(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			d := row[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			next[j] = d
		}
		before, row = row, next
	}
	return row[len(b)]
}

// operatorNames lists every name and alias, without what the help leaves out.
func operatorNames() []string {
	var names []string
	for _, op := range operators {
		names = append(names, string(op.Name))
		names = append(names, op.Aliases...)
	}
	return names
}

// names lists the values of a closed operator and their aliases.
func (op *Operator) names() []string {
	var names []string
	for _, v := range op.Values {
		names = append(names, v.Name)
		names = append(names, v.Aliases...)
	}
	return names
}
