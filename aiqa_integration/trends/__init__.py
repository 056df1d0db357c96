"""What changes over months: drift of inputs and outputs."""
