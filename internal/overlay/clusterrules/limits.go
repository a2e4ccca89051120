package clusterrules

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// limitRanges are the items of all LimitRanges of a build.
type limitRanges []corev1.LimitRangeItem

func (b *Build) limits() limitRanges {
	var items limitRanges
	for _, o := range b.Objects {
		if l, ok := o.typed.(*corev1.LimitRange); ok {
			for _, item := range l.DeepCopy().Spec.Limits {
				items = append(items, completed(item))
			}
		}
	}
	return items
}

// completed fills in the defaults of an item as the API server does: a limit from the maximum, a request from the limit
// or the minimum.
func completed(item corev1.LimitRangeItem) corev1.LimitRangeItem {
	if item.Type == corev1.LimitTypeContainer {
		item.Default = fill(item.Default, item.Max)
		item.DefaultRequest = fill(fill(item.DefaultRequest, item.Default), item.Min)
	}
	return item
}

// withDefaults returns a copy of a Pod with the resources that the API server fills in: a request from its limit, then
// the defaults of the LimitRanges.
func (l limitRanges) withDefaults(spec *corev1.PodSpec) *corev1.PodSpec {
	filled := spec.DeepCopy()
	for _, containers := range [][]corev1.Container{filled.InitContainers, filled.Containers} {
		for i := range containers {
			r := &containers[i].Resources
			r.Requests = fill(r.Requests, r.Limits)
			for _, item := range l {
				if item.Type == corev1.LimitTypeContainer {
					r.Limits = fill(r.Limits, item.Default)
					r.Requests = fill(r.Requests, item.DefaultRequest)
				}
			}
		}
	}
	return filled
}

// fill adds missing values.
func fill(list, defaults corev1.ResourceList) corev1.ResourceList {
	if list == nil {
		list = corev1.ResourceList{}
	}
	for name, q := range defaults {
		if _, ok := list[name]; !ok {
			list[name] = q
		}
	}
	return list
}

// refuseOverLimits compares each container and claim with the LimitRanges of the build. The API server refuses Pods and
// claims outside of them.
func refuseOverLimits(b *Build) []Problem {
	var found []Problem
	limits := b.limits()
	for _, o := range b.Objects {
		var messages []string
		if t, ok := o.template(); ok {
			pod := limits.withDefaults(t.spec)
			for _, containers := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
				for i := range containers {
					messages = append(messages, limits.outside(&containers[i])...)
				}
			}
		}
		for _, spec := range o.claims() {
			messages = append(messages, limits.claimOutside(spec)...)
		}
		found = append(found, joined(o, "", messages, "change the value, or the LimitRange")...)
	}
	return found
}

// outside returns the values of a container that the LimitRanges refuse, in the words of the API server.
func (l limitRanges) outside(c *corev1.Container) []string {
	var messages []string
	for _, item := range l {
		if item.Type != corev1.LimitTypeContainer {
			continue
		}
		for _, name := range sortedNames(item.Max) {
			if q, ok := c.Resources.Limits[name]; !ok || q.Cmp(item.Max[name]) > 0 {
				messages = append(messages, aboveMax(name, "Container", item.Max[name], q, ok)+" ("+c.Name+")")
			}
		}
		for _, name := range sortedNames(item.Min) {
			minimum := item.Min[name]
			if q, ok := c.Resources.Requests[name]; !ok || q.Cmp(minimum) < 0 {
				messages = append(messages, fmt.Sprintf("minimum %s usage per Container is %s, but request is %s (%s)",
					name, minimum.String(), q.String(), c.Name))
			}
		}
	}
	return messages
}

func (l limitRanges) claimOutside(s corev1.PersistentVolumeClaimSpec) []string {
	var messages []string
	for _, item := range l {
		if item.Type != corev1.LimitTypePersistentVolumeClaim {
			continue
		}
		maximum, hasMax := item.Max[corev1.ResourceStorage]
		if q := s.Resources.Requests[corev1.ResourceStorage]; hasMax && q.Cmp(maximum) > 0 {
			messages = append(messages, fmt.Sprintf("maximum storage usage per PersistentVolumeClaim is %s, but request is %s",
				maximum.String(), q.String()))
		}
	}
	return messages
}

func aboveMax(name corev1.ResourceName, of string, maximum, limit resource.Quantity, isSet bool) string {
	if !isSet {
		return fmt.Sprintf("maximum %s usage per %s is %s. No limit is specified", name, of, maximum.String())
	}
	return fmt.Sprintf("maximum %s usage per %s is %s, but limit is %s", name, of, maximum.String(), limit.String())
}

// claims returns the claims of an object, and those that its Pods add.
func (o Object) claims() []corev1.PersistentVolumeClaimSpec {
	var found []corev1.PersistentVolumeClaimSpec
	if c, ok := o.typed.(*corev1.PersistentVolumeClaim); ok {
		found = append(found, c.Spec)
	}
	for _, c := range o.claimTemplates() {
		found = append(found, c.Spec)
	}
	return found
}
