package overlay

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/newstore"
)

// Stores of several kinds have what check asks for.
func TestAddedStoresAreValid(t *testing.T) {
	t.Parallel()
	const initFolder = "/docker-entrypoint-initdb.d"
	for _, s := range []newstore.Store{
		{
			Name: "mysql", Image: "docker.io/library/mysql:8.4.3", Port: 3306, User: 999, Path: "/var/lib/mysql",
			DatasetPath: initFolder, Writable: []string{"/var/run/mysqld", "/tmp"}, Storage: "1Gi", Memory: "768Mi",
			Env: []newstore.Variable{{Name: "MYSQL_DATABASE", Value: "app"}, {Name: "MYSQL_PASSWORD", Value: "$(STORE_PASSWORD)"}},
		},
		{
			Name: "kafka", Image: "docker.io/apache/kafka:3.8.0", Port: 9092, User: 1000, Path: "/var/lib/kafka/data",
			DatasetPath: initFolder, Writable: []string{"/opt/kafka/config", "/tmp"}, Storage: "2Gi", Memory: "1Gi",
			Env: []newstore.Variable{{Name: "KAFKA_ADVERTISED_LISTENERS", Value: "PLAINTEXT://kafka:9092"}},
		},
		{
			Name: "elasticsearch", Image: "docker.io/library/elasticsearch:8.15.3", Port: 9200, User: 1000,
			Path: "/usr/share/elasticsearch/data", DatasetPath: initFolder, Writable: []string{"/tmp"}, Storage: "1Gi", Memory: "2Gi",
			Env: []newstore.Variable{{Name: "discovery.type", Value: "single-node"}, {Name: "xpack.security.enabled", Value: "false"}},
		},
		{
			Name: "localstack", Image: "docker.io/localstack/localstack:3.8.1", Port: 4566, User: 1000, Path: "/var/lib/localstack",
			DatasetPath: "/etc/localstack/init/ready.d", Writable: []string{"/tmp"}, Storage: "1Gi", Memory: "1Gi",
			Args: []string{"--debug=\"no\""},
		},
	} {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			base := exampleWithSecrets(t, nil)
			files, err := AddStore(New(base), s)
			if err != nil {
				t.Fatal(err)
			}
			if problems := CheckStore(New(filetree.Edited(base, files, nil)), s.Name); len(problems) > 0 {
				t.Error(problems)
			}
		})
	}
}

func TestCheckStoreFindsMistakes(t *testing.T) {
	t.Parallel()
	base := exampleWithSecrets(t, nil)
	files, err := AddStore(New(base), newstore.Store{
		Name: "mysql", Image: "docker.io/library/mysql:8.4.3", Port: 3306, User: 999, Path: "/var/lib/mysql",
		DatasetPath: "/docker-entrypoint-initdb.d", Storage: "100Gi", Memory: "768Mi",
	})
	if err != nil {
		t.Fatal(err)
	}
	problems := CheckStore(New(filetree.Edited(base, files, nil)), "mysql")
	if len(problems) == 0 || !strings.Contains(problems.Error(), "100Gi") {
		t.Errorf("problems: %v", problems)
	}
}
