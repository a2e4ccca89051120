package replica

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/secret"
)

const (
	// proofHeader proves that a replica has forwarded a request, and names the client: "<milliseconds> <client> <HMAC>".
	proofHeader = "X-Previewset-Forwarded"
	// proofAge bounds the age of a proof, and the difference of two nodes' clocks.
	proofAge = time.Minute
)

// prover signs and checks forwarded requests.
type prover struct {
	token *secret.File
	now   func() time.Time
}

// sign sets the proof of a request that goes to a listener. Client is the address and port of the real client.
func (p prover) sign(out *http.Request, listener, client string) {
	at := strconv.FormatInt(p.now().UnixMilli(), 10)
	out.Header.Set(proofHeader, at+" "+client+" "+p.mac(out, listener, at, client))
}

// take removes the proof from a request. It returns the real client if the proof is valid.
func (p prover) take(r *http.Request, listener string) (client string, ok bool) {
	header := r.Header.Get(proofHeader)
	r.Header.Del(proofHeader)
	parts := strings.Split(header, " ")
	if len(parts) != 3 {
		return "", false
	}
	at, client, mac := parts[0], parts[1], parts[2]
	if !hmac.Equal([]byte(mac), []byte(p.mac(r, listener, at, client))) { // guard forwarded-proof: false
		return "", false
	}
	milliseconds, err := strconv.ParseInt(at, 10, 64)
	age := p.now().Sub(time.UnixMilli(milliseconds))
	if err != nil || age.Abs() > proofAge {
		return "", false
	}
	_, err = netip.ParseAddrPort(client)
	return client, err == nil
}

// mac binds a proof to one request, so that it proves no other one.
func (p prover) mac(r *http.Request, listener, at, client string) string {
	key := sha256.Sum256([]byte("forwarded by a replica\n" + p.token.Value()))
	h := hmac.New(sha256.New, key[:])
	for _, part := range []string{listener, at, client, r.Method, r.Host, r.URL.RequestURI()} {
		_, _ = h.Write([]byte(strconv.Itoa(len(part)) + ":" + part)) // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}

// forwarded marks a request that a replica has forwarded. It isn't forwarded again.
type forwarded struct{}

func isForwarded(r *http.Request) bool { return r.Context().Value(forwarded{}) != nil }

// proven gives a forwarded request the address of its real client. A proof from anywhere else is dropped.
func (r *Replica) proven(listener string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if client, ok := r.prover.take(request, listener); ok {
			request = request.WithContext(context.WithValue(request.Context(), forwarded{}, true))
			request.RemoteAddr = client
		}
		next.ServeHTTP(w, request)
	})
}
