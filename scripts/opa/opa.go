//go:build tools

// Package opa names what install.sh builds, so that go.mod and go.sum pin it and all it needs.
package opa

import _ "github.com/open-policy-agent/opa"
