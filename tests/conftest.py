"""What every test file shares."""

from hypothesis import HealthCheck, settings

# A busy machine makes an example slow without making it wrong.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
