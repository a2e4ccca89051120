package overview

// IsOwn is isOwn for tests.
var IsOwn = isOwn
