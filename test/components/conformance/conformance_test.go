// The Gateway API's own conformance suite as a test binary: flags, test names and report are upstream's.
package conformance

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
)

func TestConformance(t *testing.T) {
	conformance.RunConformance(t)
}
