package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	admin             = "admin"
	controllerManager = "system:kube-controller-manager"
	scheduler         = "system:kube-scheduler"
	kwok              = "kwok"

	keyFile   = "service-account.key"
	tokenFile = "tokens.csv"
)

func (c *Cluster) writeCredentials(context.Context) error {
	c.tokens = map[string]string{}
	var lines strings.Builder
	for user, group := range map[string]string{
		admin: "system:masters", kwok: "system:masters", // Kubernetes has no role for kwok
		controllerManager: "", scheduler: "",
	} {
		c.tokens[user] = rand.Text()
		fmt.Fprintf(&lines, "%s,%s,%s,%q\n", c.tokens[user], user, user, group)
	}
	if err := os.WriteFile(c.path(tokenFile), []byte(lines.String()), 0o600); err != nil {
		return err
	}
	return writeKey(c.path(keyFile))
}

// writeKey creates the key that signs the service accounts' tokens.
func writeKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// ServiceAccountKubeconfig writes a kubeconfig for an existing service account and returns its path. The token is valid
// for a day.
func (c *Cluster) ServiceAccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	day := int64(24 * 60 * 60)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &day}}
	granted, err := c.Client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("request token of service account %s/%s: %w", namespace, name, err)
	}
	return c.writeKubeconfig(namespace+"-"+name, granted.Status.Token, namespace)
}

// writeKubeconfig doesn't verify the server, because the API server creates its certificate itself.
func (c *Cluster) writeKubeconfig(user, token, namespace string) (string, error) {
	const only = "previewset"
	config := api.NewConfig()
	config.Clusters[only] = &api.Cluster{Server: c.server, InsecureSkipTLSVerify: true}
	config.AuthInfos[only] = &api.AuthInfo{Token: token}
	config.Contexts[only] = &api.Context{Cluster: only, AuthInfo: only, Namespace: namespace}
	config.CurrentContext = only
	path := filepath.Join(c.folder, strings.ReplaceAll(user, ":", "-")+".kubeconfig")
	return path, clientcmd.WriteToFile(*config, path)
}
