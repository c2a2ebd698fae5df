"""The box a stranger's code runs in: nothing that knows an answer is inside."""
