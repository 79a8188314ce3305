"""Office time, for the severities whose clocks stand still at night and at the weekend."""

from datetime import UTC, datetime, time, timedelta, tzinfo

import msgspec


class OfficeHours(msgspec.Struct, frozen=True):
    """Monday to Friday from `start` to `end` in `zone`. The documents name no hours; these are the default."""

    start: time = time(9)
    end: time = time(17)
    zone: tzinfo = UTC

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is expected to be in the office."""
        local = moment.astimezone(self.zone)
        return local.weekday() < 5 and self.start <= local.time() < self.end

    def after(self, moment: datetime, span: timedelta) -> datetime:
        """The moment at which `span` of office time has passed since `moment`, in UTC."""
        at = self._opening(moment)
        while True:
            closing = self._at(at, self.end)
            if at + span <= closing:
                return (at + span).astimezone(UTC)
            span -= closing - at
            at = self._opening(closing)

    def end_of_next_day(self, moment: datetime) -> datetime:
        """The end of the first business day after the day of `moment`, in UTC."""
        midnight = datetime.combine(
            moment.astimezone(self.zone).date() + timedelta(days=1), time(), tzinfo=self.zone
        )
        return self._at(self._opening(midnight.astimezone(UTC)), self.end)

    def _at(self, moment: datetime, wall: time) -> datetime:
        day = moment.astimezone(self.zone).date()
        return datetime.combine(day, wall, tzinfo=self.zone).astimezone(UTC)

    def _opening(self, moment: datetime) -> datetime:
        at = moment.astimezone(UTC)
        while not self.is_open(at):
            if at.astimezone(self.zone).weekday() < 5 and at < self._at(at, self.start):
                return self._at(at, self.start)
            tomorrow = at.astimezone(self.zone).date() + timedelta(days=1)
            at = datetime.combine(tomorrow, time(), tzinfo=self.zone).astimezone(UTC)
        return at
