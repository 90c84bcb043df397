package cases.headers

decision := {
	"allow": true,
	"headers": {
		"upstream": {"X-Plan": data.tenants[input.tenant].plan, "x-debug": null},
		"downstream": {"x-policy": concat("/", ["v1", input.route.name])},
	},
}
