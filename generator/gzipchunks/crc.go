package gzipchunks

import "hash/crc32"

// joinSums computes the CRC-32 of two joined texts from their sums and the length of the second text. A sum is a
// polynomial over GF(2): the first one is multiplied by x to the power of 8*size, then the second one is added.
func joinSums(first, second uint32, size int) uint32 {
	power := uint32(1) << 23 // x^8; the highest bit is the coefficient of x^0
	for n := size; n > 0; n >>= 1 {
		if n&1 != 0 {
			first = multiply(first, power)
		}
		power = multiply(power, power)
	}
	return first ^ second
}

// multiply multiplies two polynomials modulo the polynomial of CRC-32.
func multiply(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a>>31 != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return product
}
