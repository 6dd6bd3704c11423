// Package mail makes mails and hands them to a server by SMTP. A Letter is one
// text in parts, from which the plain text and the HTML of a mail are made, so
// that both say the same. The HTML is headings, paragraphs and lists; it loads
// nothing, carries no picture and no link that tells who followed it. What
// people have written stays text, and cannot become a header.
//
// A Server is one outgoing mail server. It demands TLS unless the server is this
// machine, checks its certificate, and never writes down a password. The package
// keeps nothing and decides nothing about whom to tell what.
package mail
