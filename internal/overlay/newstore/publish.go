package newstore

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

const stagingFile = "overlays/staging/kustomization.yaml"

// Publication is a job of the baseline that makes datasets without personal data from a store.
type Publication struct {
	Store string
	// URL is the folder that gets the datasets. It ends with a slash.
	URL string
	// Auth, SecretStore and Key are as in Dataset.
	Auth, SecretStore, Key string
	// Schedule is that of a CronJob, in its time zone.
	Schedule string
	// Size is the space for the copy of the database.
	Size string
}

type publicationValues struct {
	Publication
	StoreImage, Scheme, Region string
}

// AddPublication returns the files of a new publication, and the changed file of the baseline.
func (r Repository) AddPublication(p Publication) (map[string][]byte, error) {
	folder := path.Join(dataFolder, p.Store, "publish")
	if r.Tree.Kind(folder) != filetree.Absent {
		return nil, fmt.Errorf("%s exists\nchange its files, or remove the folder", folder)
	}
	w, err := r.readWorkload(p.Store)
	if err != nil {
		return nil, err
	}
	if p.Store != "postgres" {
		return nil, fmt.Errorf("store %s can't be masked; only postgres can\nwrite a CronJob for it as in a publication of postgres", p.Store)
	}
	v := publicationValues{Publication: p, StoreImage: w.storeImage}
	v.Scheme, v.Region, _ = strings.Cut(p.Auth, ":")
	names := []string{"kustomization.yaml", "cronjob.yaml", "mask.sql", "rules.csv"}
	if p.Auth != "" {
		names = append(names, "externalsecret.yaml")
	}
	files, err := fillTemplates("publish", folder, v, names...)
	if err != nil {
		return nil, err
	}
	changed, err := r.inBaseline("../../" + folder)
	if err != nil {
		return nil, fmt.Errorf("edit %s: %w", stagingFile, err)
	}
	maps.Copy(files, changed)
	return files, nil
}

// inBaseline adds a component to the baseline, before the guardrails.
func (r Repository) inBaseline(component string) (map[string][]byte, error) {
	content, err := r.Tree.Read(stagingFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the file doesn't exist\ncreate the baseline first")
	} else if err != nil {
		return nil, err
	}
	d, err := yamldoc.Parse(content)
	if err != nil {
		return nil, err
	}
	var list []string
	if err = d.Decode(&list, "components"); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(list, func(c string) bool { return strings.Contains(c, "/components/") })
	if at < 0 {
		at = len(list)
	}
	err = d.Set(slices.Insert(list, at, component), "components")
	return map[string][]byte{stagingFile: d.Bytes()}, err
}
