package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// WithTLS makes the server speak TLS alone and ask each client for a
// certificate. [Server.Options] carry one; a test of a client without it
// clears TLSConfig.Certificates there. The files are ca.crt, server.crt and
// client.crt with their keys, in a directory of this server. Only [Start]
// takes it.
func WithTLS() Option {
	return optionFunc(func(s *settings) { s.tls = true })
}

// certs are the certificates of one server and its clients.
type certs struct {
	client *tls.Config
}

// issuer signs certificates; the zero one signs its own.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newCerts(dir string) (*certs, error) {
	ca, err := issuer{}.issue(dir, "ca", &x509.Certificate{
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	})
	if err != nil {
		return nil, err
	}
	_, err = ca.issue(dir, "server", &x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:    []string{"localhost"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, err
	}
	client, err := ca.issue(dir, "client", &x509.Certificate{
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	return &certs{client: &tls.Config{
		MinVersion:   tls.VersionTLS12,
		RootCAs:      roots,
		Certificates: []tls.Certificate{{Certificate: [][]byte{client.cert.Raw}, PrivateKey: client.key}},
	}}, nil
}

// issue makes a key and a certificate for it after the template, and writes
// both to the directory.
func (i issuer) issue(dir, name string, template *x509.Certificate) (issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issuer{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return issuer{}, err
	}
	template.SerialNumber = serial
	template.Subject = pkix.Name{CommonName: "redistest " + name}
	// The clocks of a test and its server are one, but may be set back a bit.
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(24 * time.Hour)
	if i.cert == nil {
		i = issuer{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.cert, key.Public(), i.key)
	if err != nil {
		return issuer{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return issuer{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return issuer{}, err
	}
	if err := writePEM(filepath.Join(dir, name+".crt"), "CERTIFICATE", der); err != nil {
		return issuer{}, err
	}
	return issuer{cert: cert, key: key}, writePEM(filepath.Join(dir, name+".key"), "PRIVATE KEY", pkcs8)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// config returns the lines of redis.conf that name the files in dir.
func (*certs) config(dir string) []string {
	file := func(name string) string { return strconv.Quote(filepath.Join(dir, name)) }
	return []string{
		"tls-cert-file " + file("server.crt"),
		"tls-key-file " + file("server.key"),
		"tls-ca-cert-file " + file("ca.crt"),
		"tls-auth-clients yes",
	}
}
