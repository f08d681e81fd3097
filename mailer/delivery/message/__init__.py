"""The bytes of a message: headers, links, values, signature."""
