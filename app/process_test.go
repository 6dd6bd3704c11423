package app_test

// otherProcess lets the test binary be a second process of a workspace.
func otherProcess() (done bool, code int) { return false, 0 }
