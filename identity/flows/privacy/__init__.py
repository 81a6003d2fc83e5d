"""What people ask about what is held of them."""
