package decode

import "strings"

const (
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
