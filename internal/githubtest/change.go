package githubtest

// change changes the state as a user, and sends the webhooks for it. Its methods are in the files of the objects that
// they change. The caller holds the lock of the state.
type change struct{ webhookSender }

// by returns a change as another user.
func (c change) by(login string) change {
	c.actor = login
	return c
}
