package decode

import "strings"

const (
	armourBegin = "-----BEGIN PGP "
	armourEnd   = "-----END PGP "
	clearSigned = "-----BEGIN PGP SIGNED MESSAGE-----\n"
	signature   = "-----BEGIN PGP SIGNATURE-----"
	signed      = "-----END PGP SIGNATURE-----"
)

// unsigned takes the armour off clear-signed texts (RFC 9580 section 7): the
// first line with its Hash lines, the signature, and the dashes that escape
// lines. Text around them stays. Nothing is verified.
func unsigned(src string) string {
	var b strings.Builder
	b.Grow(len(src))
	const (
		outside = iota
		head    // from the first line to the empty one
		text
		armour
	)
	state := outside
	for len(src) > 0 {
		line, rest, _ := strings.Cut(src, "\n")
		src = rest
		bare := strings.TrimRight(line, " \t")
		switch {
		case state == outside && bare+"\n" == clearSigned:
			state = head
			continue
		case state == head && bare == "":
			state = text
			continue
		case state == head && strings.Contains(bare, ": "):
			continue
		case state == head: // no Hash line and no empty one: it is text
			state = text
		case state == text && bare == signature:
			state = armour
			continue
		case state == armour && bare == signed:
			state = outside
			continue
		case state == armour && (!strings.Contains(bare, " ") || strings.Contains(bare, ": ")):
			continue
		case state == armour: // cut short: what follows is no armour
			state = outside
		case state == text:
			line = strings.TrimPrefix(line, "- ")
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// withoutArmour puts a line in the place of each block of ASCII armour (RFC
// 9580 section 6.2): "[PGP message]". A block that is cut ends at the first
// line that cannot belong to one.
func withoutArmour(src string) (text string, found bool) {
	var b strings.Builder
	b.Grow(len(src))
	inside := false
	for left := src; len(left) > 0; {
		line, rest, _ := strings.Cut(left, "\n")
		left = rest
		bare := strings.TrimRight(line, " \t")
		if inside {
			if strings.HasPrefix(bare, armourEnd) {
				inside = false
				continue
			}
			if !strings.Contains(bare, " ") || strings.Contains(bare, ": ") {
				continue
			}
			inside = false // what follows is text
		}
		if kind, ok := strings.CutPrefix(bare, armourBegin); ok && strings.HasSuffix(kind, "-----") {
			b.WriteString("[PGP " + strings.ToLower(strings.TrimSuffix(kind, "-----")) + "]\n")
			inside, found = true, true
			continue
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	if !found {
		return src, false
	}
	return b.String(), true
}
