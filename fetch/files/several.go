package files

// Several reports whether a file that begins with head must be read through
// Open: it is a container, an mbox, or holds mail in another frame than its
// own octets. Any other file is one message, or no mail, and a caller that was
// given it by name can read it as it is.
func Several(head []byte, name string) bool {
	f := recognise(head, name)
	return f.container || f.foreign != "" || f.format != nil && f.format != formatEML
}
