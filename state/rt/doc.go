// Package rt is what generated code calls. It holds no behaviour of its own and
// imports nothing of package state; nothing else should import it.
//
// A key is built by [Start], one Append call for each parameter with [Literal]
// between them, and [End]. The whole costs one allocation. The Parse functions go
// the other way, from the decoded parts of a key that a walk has found.
//
// A codec is made by [JSON] from two generated functions, of which one writes the
// fields of a struct to a [JSONEncoder] and the other reads them from a [JSONDecoder];
// [Msgpack] and its types are the same for MessagePack. They are a faster way to what the library codec does, and never to anything else:
// an encoder or decoder that meets what it is not certain of fails without a word, and
// the library codec does the work again, decides and words the error. So a generated
// function need not look at errors, and each call after a failure does nothing.
package rt

// Version1 is the version of the contract between generated code and this
// module. Generated code names it, so that code from a newer generator does not
// compile with an older runtime and asks for an update instead.
const Version1 = true
