-- Tenants that were told of: at most one alert a day and tenant, whichever worker looks first.
create table pawl.cost_alert (
  tenant text not null,
  on_day date not null,
  spent_micro_usd pawl.micro_usd not null,
  average_micro_usd pawl.micro_usd not null,
  primary key (tenant, on_day)
);
