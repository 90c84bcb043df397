# What the routes of the tests ask: the last segment of a path says what is decided.
package gate

what := input.request.segments[count(input.request.segments) - 1]

decision := {
	"yes": true,
	"no": false,
	"reason": {
		"allow": false,
		"status": 402,
		"reason": "acme has not paid",
		"headers": {"downstream": {"x-price": "10", "content-type": "text/plain"}},
	},
	"rare": {"allow": false, "status": 499, "headers": {"downstream": {"X-Request-Id": "mine"}}},
	"headers": {"allow": true, "headers": {
		"upstream": {"x-plan": "gold", "x-debug": null, "x-set": "policy"},
		"downstream": {"x-policy": "v1", "x-internal": null, "x-set": "policy"},
	}},
	"renames": {"allow": true, "headers": {"upstream": {"X_Request_Id": "mine"}}},
	"obliged": {"allow": true, "obligations": {"redact": {}}},
	"text": "yes",
}[what]

# Shows the upstream what the policy has seen.
decision := {"allow": true, "headers": {"upstream": {"x-seen": json.marshal(input)}}} if what == "seen"

decision := {"allow": true, "headers": {"upstream": {"x-claims": input.claims.sub}}} if {
	what == "claims"
	input.claims.name == "Zoë"
	input.claims.role == "editor"
}

decision := {"allow": true, "headers": {"upstream": {"x-body": json.marshal(input.request.body)}}} if {
	what == "body"
}

decision if {
	what == "total"
	sum([line.price | some line in input.request.body.json.lines]) < 100
}

# Of consumers that are known by key, one.
decision if {
	what == "key"
	input.consumer.name == "shop"
	input.tenant == "acme"
}

# Longer than anybody would wait.
decision if {
	what == "endless"
	series := numbers.range(1, 3000)
	count([1 | some a in series; some b in series; some c in series; (a + b) + c == -1]) == 0
}
