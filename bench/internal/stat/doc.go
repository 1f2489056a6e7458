// Package stat sums up repeated measurements in the way that a few disturbed
// ones among them cannot spoil: by order, not by mean.
package stat
