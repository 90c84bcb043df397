package cases.silent

decision if input.consumer.name == "ann"
