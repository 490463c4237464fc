package index

// WithStep is o with steps of n messages.
func (o Options) WithStep(n int) Options {
	o.step = n
	return o
}
