"""The benchmark: our default beside plain Splink, on made-up retail customers and on labelled sets if there are any."""
