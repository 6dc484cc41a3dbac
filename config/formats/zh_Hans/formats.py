"""Dates are shown as forms take them: 2027-01-01, with the time 2027-01-01 14:02."""

DATE_FORMAT = SHORT_DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "Y-m-d H:i"
