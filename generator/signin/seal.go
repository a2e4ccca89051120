package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
)

// maxSealed bounds the length of a sealed text in bytes. Browsers keep cookies of 4,096 bytes.
const maxSealed = 3900

var errNotSealed = errors.New("the text wasn't sealed with this key for this purpose")

// sealer encrypts and authenticates short texts (AES-256-GCM). A text can be opened only for the purpose that it was
// sealed for.
type sealer struct {
	key func() string
}

func (s sealer) cipher(purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(s.key()), nil, "previewset "+purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s sealer) seal(purpose string, content any) (string, error) {
	plain, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	c, err := s.cipher(purpose)
	if err != nil {
		return "", err
	}
	sealed := base64.RawURLEncoding.EncodeToString(c.Seal(nil, nil, plain, nil)) //nolint:gosec // G407: the nonce is random, see cipher
	if len(sealed) > maxSealed {
		return "", errors.New("the content is too large for a cookie")
	}
	return sealed, nil
}

func (s sealer) open(purpose, sealed string, content any) error {
	if len(sealed) > maxSealed {
		return errNotSealed
	}
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return errNotSealed
	}
	c, err := s.cipher(purpose)
	if err != nil {
		return err
	}
	plain, err := c.Open(nil, nil, b, nil)
	if err != nil {
		return errNotSealed
	}
	return json.Unmarshal(plain, content)
}
