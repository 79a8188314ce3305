"""`cockpit drill`: practise, steer, and keep the record of practice."""
