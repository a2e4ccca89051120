package cluster

import (
	"context"
	"log/slog"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

const (
	storageClass = "standard"
	provisioner  = "stand-in.previewset.dev" // a CSI driver's name, so that no other controller changes the volumes
)

// startStandIns provides volumes for claims and an address for each Ingress, as a cloud does, and accepts HTTPRoutes.
func (c *Cluster) startStandIns(ctx context.Context) error {
	if err := c.addStorageClass(ctx); err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(c.Client, 0)
	for informer, standIn := range map[cache.SharedIndexInformer]func(context.Context, any) error{
		factory.Core().V1().PersistentVolumeClaims().Informer(): c.provisionVolume,
		factory.Core().V1().PersistentVolumes().Informer():      c.deleteReleased,
		factory.Networking().V1().Ingresses().Informer():        c.giveAddress,
	} {
		if _, err := informer.AddEventHandler(onChange(ctx, standIn)); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	return c.acceptRoutes(ctx)
}

// onChange calls a stand-in for every new or changed object. If the object has changed meanwhile, the call fails and is
// repeated with the next change.
func onChange(ctx context.Context, standIn func(context.Context, any) error) cache.ResourceEventHandler {
	handle := func(object any) {
		err := standIn(ctx, object)
		if err != nil && ctx.Err() == nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) &&
			!apierrors.IsAlreadyExists(err) {
			slog.WarnContext(ctx, "stand-in failed", "error", err)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: handle, UpdateFunc: func(_, object any) { handle(object) }}
}

// addStorageClass creates the default storage class, so that claims needn't name one.
func (c *Cluster) addStorageClass(ctx context.Context) error {
	isDefault := map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: storageClass, Annotations: isDefault}, Provisioner: provisioner,
	}
	_, err := c.Client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{})
	return err
}

func (c *Cluster) provisionVolume(ctx context.Context, object any) error {
	claim := object.(*corev1.PersistentVolumeClaim)
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Spec.StorageClassName == nil {
		return nil
	}
	_, err := c.Client.CoreV1().PersistentVolumes().Create(ctx, volumeFor(claim), metav1.CreateOptions{})
	return err
}

func volumeFor(claim *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "pvc-" + string(claim.UID),
			Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": provisioner},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      claim.Spec.Resources.Requests,
			AccessModes:                   claim.Spec.AccessModes,
			StorageClassName:              *claim.Spec.StorageClassName,
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				CSI: &corev1.CSIPersistentVolumeSource{Driver: provisioner, VolumeHandle: string(claim.UID)},
			},
		},
	}
}

// deleteReleased deletes a volume after its claim was deleted, according to the reclaim policy.
func (c *Cluster) deleteReleased(ctx context.Context, object any) error {
	volume := object.(*corev1.PersistentVolume)
	if volume.Status.Phase != corev1.VolumeReleased || volume.DeletionTimestamp != nil {
		return nil
	}
	return c.Client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
}

func (c *Cluster) giveAddress(ctx context.Context, object any) error {
	ingress := object.(*networkingv1.Ingress).DeepCopy()
	addresses := []networkingv1.IngressLoadBalancerIngress{{IP: "203.0.113.1"}}
	if equality.Semantic.DeepEqual(ingress.Status.LoadBalancer.Ingress, addresses) {
		return nil
	}
	ingress.Status.LoadBalancer.Ingress = addresses
	_, err := c.Client.NetworkingV1().Ingresses(ingress.Namespace).UpdateStatus(ctx, ingress, metav1.UpdateOptions{})
	return err
}
