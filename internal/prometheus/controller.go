package prometheus

import (
	"fmt"
	"strings"
)

// controller describes the metrics of an ingress controller.
type controller struct {
	// own selects the controller's targets.
	own string
	// requests are the counters of requests. An unchanged counter is evidence that the namespace was idle.
	requests series
	// known are series of all served namespaces, also before their first request.
	known []series
	// onlyWith are series of the controller, without which known isn't evidence. They show that the controller really
	// serves the namespaces that another exporter knows.
	onlyWith []series
	// restarted is an expression with a result if a process has restarted; %[1]s selects targets and %[2]s is a range.
	restarted string
	naming    func(scope) naming
}

// series are series of one metric. Each belongs to one namespace.
type series struct {
	metric string
	// own selects the targets, if they aren't the controller's.
	own string
	// where has further matchers.
	where string
	// label contains the namespace, as the group in the pattern. PREFIX in it is replaced by the namespaces' prefix.
	label, pattern string
	// resultLabel is the label of the namespace in the result; "namespace" by default.
	resultLabel string
}

func (c controller) query(s scope) (string, naming) {
	anyRequest := c.requests
	anyRequest.where = ""
	certain := "and on () " + c.certainty(s)
	parts := []string{
		s.group(c.own, s.changed, c.requests),
		s.group(c.own, unchanged, anyRequest) + " * 0\n  " + certain,
	}
	if len(c.known) > 0 {
		parts = append(parts, s.group(c.own, unchanged, c.known...)+" * 0\n  "+certain)
	}
	if len(c.onlyWith) > 0 {
		parts[len(parts)-1] += "\n  and on () " + s.group(c.own, unchanged, c.onlyWith...)
	}
	query := strings.Join(parts, "\nor ")
	if c.naming != nil {
		return query, c.naming(s)
	}
	return query, byLabel
}

// certainty returns an expression with a result while each replica is scraped and none has restarted.
func (c controller) certainty(s scope) string {
	own := c.own + "," + s.otherNamespaces()
	return fmt.Sprintf("(min(up{%s}) == 1 unless on () (%s))", own, fmt.Sprintf(c.restarted, own, seconds(2*s.window)))
}
