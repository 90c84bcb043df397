package cases.conflict

decision if input.request.method == "GET"

decision := false if input.consumer.name == "bob"
