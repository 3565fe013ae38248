"""What people see: functions from events and plain values to rich renderables, and what draws them."""
