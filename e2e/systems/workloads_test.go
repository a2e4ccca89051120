package systems

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/process"
)

// waitReady waits until the controllers have made all Pods of all workloads, and until these Pods are ready or have
// ended. It returns the number of Pods.
func (e environment) waitReady(ctx context.Context) (pods int, err error) {
	if err = e.runCronJobs(ctx); err != nil {
		return 0, err
	}
	err = process.Poll(ctx, patience, e.ready)
	list, listErr := stand.Client.CoreV1().Pods(e.namespace).List(ctx, metav1.ListOptions{})
	if listErr != nil {
		return 0, errors.Join(err, listErr)
	}
	return len(list.Items), err
}

// runCronJobs runs each CronJob now, because its time may be far away.
func (e environment) runCronJobs(ctx context.Context) error {
	list, err := stand.Client.BatchV1().CronJobs(e.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, c := range list.Items {
		job := &batchv1.Job{
			ObjectMeta: *c.Spec.JobTemplate.ObjectMeta.DeepCopy(), Spec: *c.Spec.JobTemplate.Spec.DeepCopy(),
		}
		job.Name = c.Name + "-now"
		if _, err = stand.Client.BatchV1().Jobs(e.namespace).Create(ctx, job, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("run CronJob %s: %w", c.Name, err)
		}
	}
	return nil
}

// ready returns an error that names each workload without all its Pods, and each Pod that isn't ready.
func (e environment) ready(ctx context.Context) error {
	var missing []error
	for _, find := range []func(context.Context) ([]error, error){
		e.missingOfDeployments, e.missingOfStatefulSets, e.missingOfJobs, e.unreadyPods,
	} {
		found, err := find(ctx)
		if err != nil {
			return err
		}
		missing = append(missing, found...)
	}
	return errors.Join(missing...)
}

func (e environment) missingOfDeployments(ctx context.Context) (missing []error, err error) {
	list, err := stand.Client.AppsV1().Deployments(e.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, d := range list.Items {
		if s := d.Status; s.ObservedGeneration < d.Generation || s.ReadyReplicas < *d.Spec.Replicas {
			missing = append(missing, fmt.Errorf("Deployment %s has %d of %d Pods", d.Name, s.ReadyReplicas, *d.Spec.Replicas))
		}
	}
	return missing, nil
}

func (e environment) missingOfStatefulSets(ctx context.Context) (missing []error, err error) {
	list, err := stand.Client.AppsV1().StatefulSets(e.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, d := range list.Items {
		if s := d.Status; s.ObservedGeneration < d.Generation || s.ReadyReplicas < *d.Spec.Replicas {
			missing = append(missing, fmt.Errorf("StatefulSet %s has %d of %d Pods", d.Name, s.ReadyReplicas, *d.Spec.Replicas))
		}
	}
	return missing, nil
}

func (e environment) missingOfJobs(ctx context.Context) (missing []error, err error) {
	list, err := stand.Client.BatchV1().Jobs(e.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, j := range list.Items {
		if j.Status.Succeeded == 0 {
			missing = append(missing, fmt.Errorf("Job %s hasn't ended", j.Name))
		}
	}
	return missing, nil
}

func (e environment) unreadyPods(ctx context.Context) (unready []error, err error) {
	list, err := stand.Client.CoreV1().Pods(e.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, p := range list.Items {
		ready := slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
		if !ready && p.Status.Phase != corev1.PodSucceeded {
			unready = append(unready, fmt.Errorf("Pod %s is %s", p.Name, p.Status.Phase))
		}
	}
	return unready, nil
}

// warnings returns the messages of the controllers about refused Pods and claims, each once.
func (e environment) warnings(t *testing.T) string {
	t.Helper()
	list, err := stand.Client.CoreV1().Events(e.namespace).List(t.Context(), metav1.ListOptions{
		FieldSelector: "type=" + corev1.EventTypeWarning,
	})
	if err != nil {
		t.Fatal(err)
	}
	messages := map[string]bool{}
	for _, v := range list.Items {
		messages[fmt.Sprintf("%s %s: %s: %s", v.InvolvedObject.Kind, v.InvolvedObject.Name, v.Reason, v.Message)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(messages)), "\n")
}
