"""What every part stands on; imports no other part of the project."""
