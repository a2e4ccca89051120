// Package gatewayapi names a package of the Gateway API, so that go.mod pins its version. The tests install the
// CustomResourceDefinitions of that version.
package gatewayapi

import _ "sigs.k8s.io/gateway-api/apis/v1" // for go.mod
