package source

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStoresHaveTheVariablesOfTheirKind(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"postgres": {"POSTGRES_PASSWORD", "DATABASE_URL=postgres://app:$(POSTGRES_PASSWORD)@postgres:1234/app?sslmode=disable"},
		"mongodb":  {"MONGODB_PASSWORD", "MONGODB_URL=mongodb://app:$(MONGODB_PASSWORD)@mongodb:1234/app?authSource=admin"},
		"redis":    {"REDIS_PASSWORD", "REDIS_URL=redis://default:$(REDIS_PASSWORD)@redis:1234"},
		"rabbitmq": {"RABBITMQ_PASSWORD", "AMQP_URL=amqp://app:$(RABBITMQ_PASSWORD)@rabbitmq:1234"},
		"search":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, v := range StoreOf(name, 1234).Variables {
				if v.Secret == "" {
					got = append(got, v.Name+"="+v.Value)
					continue
				}
				if v.Secret != name || v.Key != "password" {
					t.Errorf("%s is key %q of Secret %q", v.Name, v.Key, v.Secret)
				}
				got = append(got, v.Name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseVariables(t *testing.T) {
	t.Parallel()
	text := "MYSQL_URL=mysql://$(MYSQL_USERNAME):$(MYSQL_PASSWORD)@mysql:3306/app?a=b\nMYSQL_COPY=$(MYSQL_PASSWORD)\n\nno variable\n"
	want := []Variable{
		{Name: "MYSQL_USERNAME", Secret: "mysql", Key: "username"},
		{Name: "MYSQL_PASSWORD", Secret: "mysql", Key: "password"},
		{Name: "MYSQL_URL", Value: "mysql://$(MYSQL_USERNAME):$(MYSQL_PASSWORD)@mysql:3306/app?a=b"},
		{Name: "MYSQL_COPY", Value: "$(MYSQL_PASSWORD)"},
	}
	if diff := cmp.Diff(want, ParseVariables("mysql", text)); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}
