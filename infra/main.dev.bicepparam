using './main.bicep'

// Development: cheap, reached publicly with Entra tokens, gone with one command. `azd up` takes this file.

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')

param backend = 'azureStorage'

param privateNetworking = false
param zoneRedundant = false
param storageSku = 'Standard_LRS'
param restoreDays = 7
param deleteLocks = false

param instanceMemoryMB = 2048
param maximumInstanceCount = 40
param alwaysReadyDurable = 1
param alwaysReadyHttp = 0

param entraClientId = readEnvironmentVariable('ENTRA_CLIENT_ID', '')
param alertMails = [readEnvironmentVariable('ALERT_MAIL', 'operators@example.com')]
param operatorsMail = readEnvironmentVariable('OPERATORS_MAIL', 'operators@example.com')
param approvalRoles = readEnvironmentVariable('APPROVAL_ROLES', '')

param logRetentionDays = 30
param logDailyCapGb = 1

param monthlyBudget = 50
param budgetStart = readEnvironmentVariable('BUDGET_START', '2026-12-01')
