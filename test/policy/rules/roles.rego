package cases.roles

needed := {"GET": "reader", "POST": "writer"}

default decision := false

decision if needed[input.request.method] in data.roles[input.consumer.name]
