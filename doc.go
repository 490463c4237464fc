// Package lostpost holds nothing but tests of the whole house: see
// docs/ARCHITECTURE.md for its rooms. The program is in cmd/lostpost; the
// packages for other programs are archive, decode, fetch and index.
package lostpost
