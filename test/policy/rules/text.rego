package cases.text

decision := "yes"
