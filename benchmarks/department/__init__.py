"""A month of an MRI department, drawn at random: exams, what a detector finds in them, what is done about it."""
