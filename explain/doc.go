// Package explain says in words what headers say in code: the way a message
// took, who vouches for it, and why it came back.
//
// Message reads one message, Line one SMTP reply, Log a mail log. What they
// give are facts with the place in the mail where each stands; the sentences
// are English, the facts are not words.
//
// Promises. Nothing is asked of the network but through Options.Key. Nothing
// is said of a message that does not rest on a line of it, or on what Options
// say of its reader; every Fact names its line. That a mail came through a
// service, or did not, is said on the word of the reader's own servers or of a
// signature verified here only, never on a line that the sender could have
// written. There is one exception, which RFC 8601 section 5 makes: a field of
// results right below the line of the reader's server that bears the server's
// name, and that nothing in the mail contradicts, because servers take such
// fields off what comes in. What is not known is said to be not known. Time is
// linear in the input, no input makes it panic, and memory is bounded by the
// header section and the text parts.
//
// What is never claimed: that a mail is what it says and safe, that a person
// wrote it or that an account was broken into, that a mail was encrypted from
// end to end, that a key which is gone today was never there, where on earth
// an address is.
//
// RFC 5321 section 4.4 and RFC 3848 (Received), RFC 8601
// (Authentication-Results), RFC 7208 section 9.1 (Received-SPF), RFC 6376,
// 8301 and 8463 (DKIM), RFC 7489 (DMARC), RFC 8617 (ARC), RFC 3463 and 3464
// (codes and delivery reports), RFC 8098 (receipts), RFC 5965 (complaints),
// RFC 3834 (automatic replies), UTS 39 (look-alikes).
package explain
