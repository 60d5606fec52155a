"""A plain site around django-helpdesk, the peer of benchmarks/helpdesk.py; it runs in an environment of its own."""
