package arena

import rego.v1

default allow := false

allow if not startswith(input.request.path, "/api/forbidden/")
